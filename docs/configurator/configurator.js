/* The page of the configurator. DATA is in data.js; TEXTS is in texts.js, which is loaded for the first open file.
   Classic scripts, because browsers load modules only from servers. */
"use strict";

const byId = (id) => document.getElementById(id);
const element = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

const RECORD = ".cornerstone.json";
const CONTEXT = 3;
const featureOption = DATA.options.find((option) => option.type === "features");
const features = featureOption.values.map((feature) => feature.value);
// Options and features with all values, the default first.
const factors = new Map(features.map((name) => [name, ["false", "true"]]));
for (const option of DATA.options) {
  if (option.type === "boolean") factors.set(option.key, [String(option.default), String(!option.default)]);
  if (option.type === "choice") factors.set(option.key, option.values.map((each) => each.value));
}
const defaults = Object.fromEntries([...factors].map(([key, [value]]) => [key, value]));
const state = { values: { ...defaults }, texts: {}, file: "README.md", folders: new Set(), found: new Map() };
// The files that depend on an option; the record depends on all.
const sources = Object.entries(DATA.files).filter(([path]) => path !== RECORD).map(([path, tree]) => [path, JSON.stringify(tree)]);
const dependents = (key) => sources.filter(([, source]) => source.includes(`["${key}",`)).map(([path]) => path);
const filesOf = new Map([...factors.keys()].map((key) => [key, dependents(key)]));

// Answers

function answerOf(key, values) {
  if (key !== featureOption.key) return values[key];
  return features.filter((name) => values[name] === "true").join(" ") || "none";
}

/** Return the answers that differ from the defaults. */
function answers() {
  const all = DATA.options.map(({ key, type, default: initial }) =>
    [key, type === "text" ? state.texts[key] || initial : answerOf(key, state.values), initial === null ? null : String(initial)]);
  return all.filter(([, answer, initial]) => answer !== initial).map(([key, answer]) => [key, answer]);
}

function valuesOf(given) {
  const values = { ...defaults };
  for (const [key, answer] of Object.entries(given)) {
    if (factors.get(key)?.includes(String(answer)) && !features.includes(key)) values[key] = String(answer);
  }
  const names = namesIn(given);
  for (const name of features) values[name] = String(names.includes(name) || names.includes("all"));
  return values;
}

function namesIn(given) {
  return (given[featureOption.key] ?? "").split(/[\s,]+/).filter(Boolean);
}

/** Return why the hook rejects a value together with the other values, or an empty string. */
function rejection(key, value) {
  const changed = { ...state.values, [key]: value };
  const matches = ({ pair }) => key in pair && Object.entries(pair).every(([each, other]) => changed[each] === other);
  return DATA.rejected.find(matches)?.reason ?? "";
}

function quote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

function command() {
  // Cookiecutter renders the values of `key=value`.
  const escaped = (text) => (/\{[{%#]|^\s*# %/.test(text) ? `{{ ${JSON.stringify(text)} }}` : text);
  const words = answers().map(([key, answer]) => `${key}=${quote(escaped(answer))}`);
  return ["cookiecutter", ...(byId("no-input").checked ? ["--no-input"] : []), quote(DATA.source), ...words].join(" ");
}

function readFragment() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  state.values = valuesOf(given);
  state.texts = Object.fromEntries(DATA.options.filter(({ type }) => type === "text").map(({ key }) => [key, given[key] ?? ""]));
  if (Object.hasOwn(DATA.files, given.file)) state.file = given.file;
  const dropped = features.filter((name) => state.values[name] === "true" && rejection(name, "true"));
  const reasons = dropped.map((name) => rejection(name, "true"));
  for (const name of dropped) state.values[name] = "false";
  const known = (key) => key === "file" || DATA.options.some((option) => option.key === key);
  const unknown = Object.keys(given).filter((key) => !known(key) || (factors.has(key) && state.values[key] !== given[key]));
  unknown.push(...namesIn(given).filter((name) => ![...features, "all", "none"].includes(name)));
  byId("notice").textContent = [...reasons, ...unknown.map((name) => `The link has an unknown answer: ${name}`)].join("; ");
}

// Files

function pick(tree, values) {
  let found = tree;
  while (Array.isArray(found)) found = found[1][values[found[0]]];
  return found;
}

/** Return the parts of a file: numbers of texts, and inserted text; null if the file does not exist. */
function partsOf(path, values) {
  const [kept, parts] = DATA.files[path];
  if (!pick(kept, values)) return null;
  if (!Array.isArray(parts)) return [`Binary file, ${parts.bytes} bytes\n`];
  const inserted = (answer) => (answer === "true" || answer === "false" ? answer : JSON.stringify(answer));
  return parts.map((part) => pick(part, values)).filter((part) => part !== 0)
    .map((part) => (part.answer ? inserted(answerOf(part.answer, values)) : part));
}

function linesOf(path, values) {
  const text = (partsOf(path, values) ?? []).map((part) => (typeof part === "number" ? TEXTS[part] : part)).join("");
  return text ? text.replace(/\n$/, "").split("\n") : [];
}

function signature(path, values) {
  return partsOf(path, values)?.join();
}

/** Return the files of the project and of the default project, with their status. */
function statuses(values) {
  const found = new Map();
  for (const path of Object.keys(DATA.files)) {
    const [before, after] = [signature(path, defaults), signature(path, values)];
    if (before === undefined && after === undefined) continue;
    found.set(path, before === after ? "same" : before === undefined ? "added" : after === undefined ? "removed" : "changed");
  }
  return found;
}

function hasNoEffect(key, value) {
  const changed = { ...state.values, [key]: value };
  return filesOf.get(key).every((path) => signature(path, changed) === signature(path, state.values));
}

/** Return the lines of a diff with their marks: the longest common subsequence between equal ends. */
function diff(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let [end, other] = [before.length, after.length];
  while (end > start && other > start && before[end - 1] === after[other - 1]) [end, other] = [end - 1, other - 1];
  const [old, now] = [before.slice(start, end), after.slice(start, other)];
  const common = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i][j] = old[i] === now[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = before.slice(0, start).map((line) => [" ", line]);
  for (let i = 0, j = 0; i < old.length || j < now.length;) {
    if (i < old.length && j < now.length && old[i] === now[j]) { lines.push([" ", old[i]]); i += 1; j += 1; }
    else if (i < old.length && (j === now.length || common[i + 1][j] >= common[i][j + 1])) { lines.push(["-", old[i]]); i += 1; }
    else { lines.push(["+", now[j]]); j += 1; }
  }
  return [...lines, ...before.slice(end).map((line) => [" ", line])];
}

// Page

function control(key, label, values) {
  const made = values
    ? element("select", { name: key, id: key }, ...values.map((each) => element("option", { value: each.value }, each.label)))
    : element("input", { type: "checkbox", name: key, id: key });
  made.setAttribute("aria-describedby", `note-${key}`);
  const text = element("label", { htmlFor: key }, label, " ", element("code", {}, key));
  return element("div", { className: values ? "choice" : "switch" }, ...(values ? [text, made] : [made, text]),
    element("small", { id: `note-${key}`, className: "note" }));
}

function buildForm() {
  for (const option of DATA.options) {
    if (option.type === "text") {
      const placeholder = option.default ?? "derived from the name";
      const field = element("input", { name: option.key, id: option.key, placeholder, pattern: option.pattern ?? ".*" });
      const label = element("label", { htmlFor: option.key }, option.label, " ", element("code", {}, option.key));
      byId("texts").append(element("div", { className: "choice" }, label, field));
    } else if (option.type === "features") {
      byId("features").append(...option.values.map(({ value, label }) => control(value, label)));
    } else {
      byId("options").append(control(option.key, option.label, option.values));
    }
  }
  const presets = [{ label: "Default", description: "The default of every prompt: tasks, Compose, GitHub", answers: {} }, ...DATA.presets];
  byId("presets").append(...presets.map((preset) => {
    const button = element("button", { type: "button" }, element("strong", {}, preset.label), element("small", {}, preset.description));
    button.addEventListener("click", () => { state.values = valuesOf(preset.answers); update(); });
    button.values = valuesOf(preset.answers);
    return button;
  }));
  byId("version").textContent = `Version ${DATA.version}`;
  byId("owner").hidden = !DATA.source.includes("OWNER/");
}

function showForm() {
  for (const [key, values] of factors) {
    const field = byId(key);
    const others = values.filter((value) => value !== state.values[key]);
    const reasons = others.map((value) => rejection(key, value));
    if (field.type === "checkbox") {
      field.checked = state.values[key] === "true";
      field.disabled = Boolean(reasons[0]);
    } else {
      field.value = state.values[key];
      for (const option of field.options) option.disabled = Boolean(reasons[others.indexOf(option.value)]);
    }
    const idle = others.every((value) => hasNoEffect(key, value));
    byId(`note-${key}`).textContent = reasons.find(Boolean) ?? (idle ? "No effect with the other answers" : "");
  }
  for (const { key, type } of DATA.options) if (type === "text") byId(key).value = state.texts[key] ?? "";
  for (const button of byId("presets").children) {
    const pressed = [...factors.keys()].every((key) => button.values[key] === state.values[key]);
    button.setAttribute("aria-pressed", String(pressed));
  }
}

function showSummary(found) {
  const count = (status) => [...found.values()].filter((each) => each === status).length;
  const running = pick(DATA.services, state.values).split(", ");
  byId("file-count").textContent = found.size - count("removed");
  byId("service-count").textContent = running.length;
  byId("services").textContent = running.join(" · ");
  byId("differences").replaceChildren(...["added", "changed", "removed"].map((status) =>
    element("span", { className: status, title: status }, `${count(status)}`, element("small", {}, ` ${status}`))));
  byId("command").textContent = command();
}

function showTree(found) {
  const wanted = byId("filter").value.toLowerCase();
  const only = byId("only-differences").checked;
  const root = new Map();
  for (const [path, status] of found) {
    if ((only ? status === "same" : status === "removed") || !path.toLowerCase().includes(wanted)) continue;
    const names = path.split("/");
    let folder = root;
    for (const name of names.slice(0, -1)) folder = folder.get(name) ?? folder.set(name, new Map()).get(name);
    folder.set(names.at(-1), [path, status]);
  }
  byId("tree").replaceChildren(root.size ? list(root, "", only || wanted) : "No file");
  markOpenFile();
}

function list(folder, prefix, expanded) {
  const isFile = ([, entry]) => Array.isArray(entry);
  const order = (one, other) => isFile(one) - isFile(other) || (one[0] < other[0] ? -1 : 1);
  return element("ul", {}, ...[...folder].sort(order).map(([name, entry]) => {
    if (Array.isArray(entry)) {
      const [path, status] = entry;
      const badge = status === "same" ? [] : [" ", element("span", { className: `badge ${status}` }, status)];
      const button = element("button", { type: "button" }, name, ...badge);
      Object.assign(button.dataset, { path, status });
      return element("li", {}, button);
    }
    const path = `${prefix}${name}/`;
    const opened = element("details", { open: Boolean(expanded) || state.folders.has(path) });
    const inside = list(entry, path, expanded);
    const different = inside.querySelectorAll("button:not([data-status=same])").length;
    const badge = different ? [" ", element("span", { className: "badge" }, `${different} different`)] : [];
    opened.append(element("summary", {}, name, ...badge), inside);
    if (!expanded) opened.addEventListener("toggle", () => state.folders[opened.open ? "add" : "delete"](path));
    return element("li", {}, opened);
  }));
}

function markOpenFile() {
  for (const button of byId("tree").querySelectorAll("button")) {
    button.setAttribute("aria-current", String(button.dataset.path === state.file));
  }
}

let loading;
/** Load the texts of all files once. */
function load() {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(element("script", { src: "texts.js", onload: resolve, onerror: reject }));
  });
  return loading;
}

async function showFile() {
  await load();
  const { file, values } = state;
  const [before, after] = [linesOf(file, defaults), linesOf(file, values)];
  const status = state.found.get(file);
  const words = { undefined: "not in this project", removed: "removed", added: "added", changed: "changed", same: "as in the default project" };
  const isDiff = byId("as-diff").checked || status === "removed";
  byId("path").replaceChildren(file, " ", element("span", { className: `badge ${status}` }, words[status]));
  byId("content").className = isDiff ? "diff" : "";
  byId("content").replaceChildren(...(isDiff ? hunks(diff(before, after)) : after.map((line) => element("span", {}, `${line}\n`))));
}

/** Return the elements of a diff, without lines far from a change. */
function hunks(lines) {
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([mark]) => mark !== " "));
  const tags = { "+": "ins", "-": "del", " ": "span" };
  return lines.flatMap(([mark, line], at) => {
    if (near[at]) return [element(tags[mark], {}, `${mark} ${line}\n`)];
    return at && !near[at - 1] ? [] : [element("span", { className: "gap" }, near.includes(true) ? "⋯\n" : "No difference\n")];
  });
}

function showLink() {
  const parameters = new URLSearchParams(answers());
  if (state.file !== "README.md") parameters.set("file", state.file);
  history.replaceState(null, "", `#${parameters}`);
}

function update() {
  state.found = statuses(state.values);
  showForm();
  showSummary(state.found);
  showTree(state.found);
  showLink();
  return showFile();
}

async function copy(text) {
  // Undefined on a page from another machine without TLS.
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  byId("notice").textContent = copied ? "Copied" : "The browser does not allow copying: select the text";
}

buildForm();
byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("form").addEventListener("input", ({ target }) => {
  if (factors.has(target.name)) state.values[target.name] = target.type === "checkbox" ? String(target.checked) : target.value;
  else state.texts[target.name] = target.value;
  byId("notice").textContent = "";
  update();
});
for (const id of ["filter", "only-differences", "as-diff", "no-input"]) byId(id).addEventListener("input", update);
byId("tree").addEventListener("click", ({ target }) => {
  const chosen = target.closest("button");
  if (!chosen) return;
  state.file = chosen.dataset.path;
  markOpenFile();
  showLink();
  showFile().then(() => byId("path").scrollIntoView({ block: "nearest" }));
});
byId("copy-command").addEventListener("click", () => copy(command()));
byId("copy-link").addEventListener("click", () => copy(location.href));
addEventListener("hashchange", () => { readFragment(); update(); });
readFragment();
update();

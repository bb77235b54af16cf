"""Write the configurator page, its data and `options.json`: `build.py FOLDER [--source gh:OWNER/NAME]`.

The data is learned from cookiecutter's own rendering. Each part of a file is rendered with answers that record what is
read, until every value of every option read has been rendered. The result is a decision tree of one part: either a
text, or `[option, {value: tree}]`. A file is a list of parts, because control lines do not nest.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml
from binaryornot.check import is_binary
from cookiecutter.generate import generate_context, is_copy_only_path
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context, work_in
from jinja2 import FileSystemLoader, Template, nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TREE = ROOT / "{{cookiecutter.project_slug}}"
sys.path.insert(0, str(ROOT / "hooks"))

from post_gen_project import unchosen_paths, write_record  # noqa: E402 - needs the path
from pre_gen_project import SLUG, faults  # noqa: E402 - needs the path

STATIC = ("index.html", "configurator.css", "configurator.js", "icon.svg")
CATALOG = json.loads((HERE / "catalog.json").read_text(encoding="utf-8"))
SECRET = re.compile(r"^SECRET_KEY=.*$", re.MULTILINE)
MASK = "SECRET_KEY=<generated>"
# Nodes of a template that are rendered independently of the nodes around them.
INDEPENDENT = (nodes.Output, nodes.If, nodes.FilterBlock, nodes.Include)

Value = str | bool
# JSON: a leaf, or a list of an option (or feature) and the trees of its values.
Tree = Any


class UnfixedError(Exception):
    """A value was read that is not fixed yet."""


class Features:
    """The rendered key `__features`, which conditions may search for names only."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        """Keep the function that reads a value."""
        self.read = read

    def __contains__(self, name: str) -> bool:
        """Return whether the feature is selected."""
        return self.read(name) is True


class Answers:
    """Answers as templates see them. Reading one that is not fixed raises `UnfixedError`."""

    def __init__(self, definition: Definition, fixed: dict[str, Value]) -> None:
        """Fix the values of some options and features."""
        self.definition = definition
        self.fixed = fixed

    def read(self, factor: str) -> Value:
        """Return a fixed value."""
        if factor not in self.fixed:
            raise UnfixedError(factor)
        return self.fixed[factor]

    def __getitem__(self, key: str) -> Value | Features:
        """Return the answer to a prompt, or a rendered private key."""
        if key == "__features":
            return Features(self.read)
        if key in self.definition.factors:
            return self.read(key)
        if key.startswith("__"):
            return self.definition.render(self.definition.raw[key], self)
        return str(self.definition.context[key])


class Definition:
    """`cookiecutter.json` with the factors that files depend on, and cookiecutter's Jinja environment."""

    def __init__(self) -> None:
        """Read the definition; texts keep their defaults."""
        context = generate_context(str(ROOT / "cookiecutter.json"))
        self.raw: dict[str, Any] = dict(context["cookiecutter"])
        self.context: dict[str, Any] = dict(prompt_for_config(context, no_input=True))
        self.environment = create_env_with_context({"cookiecutter": self.context})
        self.environment.loader = FileSystemLoader(str(ROOT / "templates"))
        self.prompts = [key for key in self.raw if not key.startswith("_")]
        self.needs: dict[str, str] = self.raw["_features"]
        self.factors: dict[str, list[Value]] = {}
        for key in self.prompts:
            if isinstance(self.raw[key], list):
                self.factors[key] = self.raw[key]
            elif isinstance(self.raw[key], bool):
                self.factors[key] = [self.raw[key], not self.raw[key]]
        self.factors |= {name: [False, True] for name in self.needs}

    def render(self, source: str, answers: Answers) -> str:
        """Render a template."""
        return str(self.environment.from_string(source).render(cookiecutter=answers))

    def tree(self, function: Callable[[Answers], Any], fixed: dict[str, Value] | None = None) -> Tree:
        """Return the decision tree of a function of the answers."""
        fixed = fixed or {}
        try:
            return function(Answers(self, fixed))
        except UnfixedError as unfixed:
            factor = str(unfixed)
        branches = {text_of(value): self.tree(function, fixed | {factor: value}) for value in self.factors[factor]}
        first = next(iter(branches.values()))
        return first if all(branch == first for branch in branches.values()) else [factor, branches]

    def is_kept(self, path: str, answers: Answers) -> bool:
        """Return whether the hook keeps a path: the conditions of it and of its folders are true."""
        paths = [str(each) for each in [PurePosixPath(path), *PurePosixPath(path).parents]]
        conditions = {each: self.raw["_keep"][each] for each in paths if each in self.raw["_keep"]}
        needed = [item for condition in conditions.values() for item in condition.items()]
        features = [str(value) for key, value in needed if key == "features" and answers.read(str(value))]
        chosen = {key: answers.read(key) for key, _ in needed if key != "features"}
        return not unchosen_paths(chosen | {"_keep": conditions, "__features": " ".join(features)})


def text_of(value: Value) -> str:
    """Return a value as it is written in `key=value`."""
    return str(value).lower() if isinstance(value, bool) else value


class Files:
    """The files of all projects, with their texts, each stored once."""

    def __init__(self, definition: Definition, source: str) -> None:
        """Learn all files of the template tree and those that the hook writes."""
        self.definition = definition
        self.texts: dict[str, int] = {"": 0}
        self.found: dict[str, tuple[Tree, Tree]] = {}
        for path in template_files():
            kept = definition.tree(partial(definition.is_kept, path))
            self.found[path] = (kept, self.parts(path))
        self.found[".env"] = (True, self.masked(".env.example"))
        self.found[".cornerstone.json"] = (True, list(self.record(source)))

    def index(self, text: str) -> int:
        """Return the number of a text."""
        return self.texts.setdefault(text, len(self.texts))

    def parts(self, path: str) -> list[Tree] | dict[str, int]:
        """Return the decision trees of the parts of a file, or the size of a binary file."""
        context = {"cookiecutter": self.definition.context}
        with work_in(str(TREE)):
            if is_binary(path) or b"\0" in Path(path).read_bytes():
                return {"bytes": Path(path).stat().st_size}
            source = Path(path).read_text(encoding="utf-8")
            if is_copy_only_path(path, context):
                return [self.index(source)]
        parts: list[Tree] = []
        constant = ""
        for node in independent_nodes(self.definition.environment.parse(source, path)):
            found = node.data if isinstance(node, nodes.TemplateData) else self.part(node, path)
            if isinstance(found, str):
                constant += found
            else:
                parts += [self.index(constant), found] if constant else [found]
                constant = ""
        return [*parts, self.index(constant)] if constant else parts

    def part(self, node: nodes.Node, path: str) -> Tree:
        """Return a text, or the decision tree of numbers of texts."""
        environment = self.definition.environment
        body = node if isinstance(node, nodes.Stmt) else nodes.Output([node])
        code = environment.compile(nodes.Template([body]).set_environment(environment), path, path)
        template = Template.from_code(environment, code, {})
        found = self.definition.tree(lambda answers: template.render(cookiecutter=answers))
        return found if isinstance(found, str) else numbered(found, self.index)

    def masked(self, example: str) -> list[Tree]:
        """Return the parts of `.env`, which has a random secret key."""
        names = {number: text for text, number in self.texts.items()}
        parts = self.found[example][1]
        texts = [names[part] if isinstance(part, int) else "" for part in parts]
        if sum(len(SECRET.findall(text)) for text in texts) != 1:
            raise LookupError(f"{example} must have one unconditional line SECRET_KEY=")
        return [self.index(SECRET.sub(MASK, text)) if text else part for text, part in zip(texts, parts, strict=True)]

    def record(self, source: str) -> Iterator[Tree]:
        """Yield the parts of `.cornerstone.json`: texts, and the answers to be inserted as JSON."""
        definition = self.definition
        texts = {key: definition.context[key] for key in definition.prompts if not is_answered(definition, key)}
        marks = {key: f"<{key}>" for key in definition.prompts if is_answered(definition, key)}
        # Sorted, as the hook reads them from cookiecutter's filter `jsonify`.
        answers = dict(sorted((texts | marks).items()))
        with tempfile.TemporaryDirectory() as folder:
            write_record(Path(folder), answers | {"_template": source, "_repo_dir": str(ROOT)})
            written = Path(folder, ".cornerstone.json").read_text(encoding="utf-8")
        for piece in re.split(f'("<(?:{"|".join(marks)})>")', written):
            yield {"answer": piece[2:-2]} if piece.startswith('"<') else self.index(piece)


def is_answered(definition: Definition, key: str) -> bool:
    """Return whether the page inserts the answer: texts are shown with their defaults."""
    return key in definition.factors or key == "features"


def template_files() -> list[str]:
    """Return the files of the template tree; in a clone, without ignored ones."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=TREE, check=False, capture_output=True, text=True)
    names = listing.stdout.split("\0") if listing.returncode == 0 else [str(path) for path in TREE.rglob("*")]
    return sorted({Path(TREE, name).relative_to(TREE).as_posix() for name in names if Path(TREE, name).is_file()})


def independent_nodes(template: nodes.Template) -> Iterator[nodes.Node]:
    """Yield the nodes of a template that are rendered independently."""
    for node in template.body:
        if not isinstance(node, INDEPENDENT):
            raise TypeError(f"{node!r} may depend on other nodes")
        yield from node.nodes if isinstance(node, nodes.Output) else [node]


def numbered(tree: Tree, index: Callable[[str], int]) -> Tree:
    """Return a decision tree with numbers instead of texts."""
    if isinstance(tree, str):
        return index(tree)
    return [tree[0], {value: numbered(branch, index) for value, branch in tree[1].items()}]


def services(definition: Definition, answers: Answers) -> str:
    """Return the processes of production, separated by commas."""
    return ", ".join(service_names(definition, answers))


def service_names(definition: Definition, answers: Answers) -> list[str]:
    """Return the processes of production: from Compose files, from Kubernetes manifests, or as documented."""

    def load(path: str) -> list[Any]:
        return documents(definition.render((TREE / path).read_text(encoding="utf-8"), answers))

    if answers["deployment"] == "compose":
        files = ("deploy/compose/production.yml", f"deploy/compose/{answers['reverse_proxy']}.yml")
        found = {name: each for path in files for name, each in load(path)[0]["services"].items()}
        # Not those that run once, such as migrations.
        return [name for name, each in found.items() if each.get("restart") != "no"]
    if answers["deployment"] == "kubernetes":
        manifests = [each for path in resources("deploy/kubernetes/base", load) for each in load(path)]
        running = [each["metadata"]["name"] for each in manifests if each["kind"] in {"Deployment", "CronJob"}]
        return [*running, "PostgreSQL", "Redis", "ingress controller"]
    # docs/deployment.md and docs/celery.md of the project.
    return ["gunicorn", *(["worker", "beat", "Redis"] if answers["use_celery"] else []), "PostgreSQL", "reverse proxy"]


@cache
def documents(text: str) -> list[Any]:
    """Return the documents of a YAML file."""
    return list(yaml.safe_load_all(text))


def resources(folder: str, load: Callable[[str], list[Any]]) -> Iterator[str]:
    """Yield the manifests of a kustomization and of its components."""
    (kustomization,) = load(f"{folder}/kustomization.yaml")
    yield from (f"{folder}/{name}" for name in kustomization.get("resources", []))
    for component in kustomization.get("components", []):
        yield from resources((TREE / folder / component).resolve().relative_to(TREE).as_posix(), load)


def rejected(definition: Definition) -> Iterator[dict[str, Any]]:
    """Yield the pairs of values that the hook rejects, with its message."""
    base = definition.context | {key: True for key, raw in definition.raw.items() if isinstance(raw, bool)}
    single = [(key, value) for key, values in definition.factors.items() for value in values]
    for number, one in enumerate(single):
        for other in single[number + 1 :]:
            pair = dict([one, other])
            chosen = [name for name in definition.needs if pair.get(name)]
            answers = {key: value for key, value in pair.items() if key not in definition.needs}
            found = list(faults(base | answers | {"features": " ".join(chosen) or "none"}))
            if found and len(pair) > 1:
                reason = found[0].partition(", for example")[0]
                yield {"pair": {key: text_of(value) for key, value in pair.items()}, "reason": reason}


def described_options(definition: Definition) -> Iterator[dict[str, Any]]:
    """Yield the prompts with label, type, default and values."""
    for key in definition.prompts:
        raw, prompt = definition.raw[key], definition.raw["__prompts__"][key]
        labels = prompt if isinstance(prompt, dict) else {"__prompt__": prompt}
        option: dict[str, Any] = {"key": key, "label": labels["__prompt__"], "type": "text", "default": raw}
        if key == "features":
            names = ", ".join([*definition.needs, "all or none"])
            option["label"] = option["label"].replace(f" ({names})", "").replace(", separated by spaces", "")
            option["type"] = "features"
            option["values"] = [
                {"value": name, "label": CATALOG["features"][name], "requires": needed or None}
                for name, needed in definition.needs.items()
            ]
        elif isinstance(raw, bool):
            option["type"] = "boolean"
        elif isinstance(raw, list):
            values = [{"value": value, "label": labels.get(value, value)} for value in raw]
            option |= {"type": "choice", "default": raw[0], "values": values}
        elif key == "project_slug":
            option |= {"default": None, "pattern": SLUG.pattern}
        yield option


def main(arguments: list[str]) -> None:
    """Write all files of the page to a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", default=f"gh:OWNER/{project_metadata()['name']}", help="template in the command")
    given = parser.parse_args(arguments)
    definition = Definition()
    files = Files(definition, given.source)
    described = {
        "template": project_metadata()["name"],
        "version": project_metadata()["version"],
        "source": given.source,
        "options": list(described_options(definition)),
        "rejected": list(rejected(definition)),
        "presets": CATALOG["presets"],
    }
    data = described | {"services": definition.tree(partial(services, definition)), "files": files.found}
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in STATIC:
        shutil.copyfile(HERE / name, given.folder / name)
    (given.folder / "options.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    # Scripts instead of JSON: pages opened from the file system may not fetch files.
    write_script(given.folder / "data.js", "DATA", data)
    write_script(given.folder / "texts.js", "TEXTS", list(files.texts))


def write_script(path: Path, name: str, value: Any) -> None:
    """Write a script that defines a constant."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f'"use strict";\nconst {name} = {text};\n', encoding="utf-8")


def project_metadata() -> dict[str, Any]:
    """Return the name and version of the template."""
    metadata: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return metadata


if __name__ == "__main__":
    main(sys.argv[1:])

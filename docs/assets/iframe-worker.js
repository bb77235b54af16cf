// Browsers do not start workers from file://. The search then runs in a hidden iframe with the interface of a worker.
if (location.protocol === "file:") {
  // The script of the search looks for this name in the parent of its iframe.
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.ready = new Promise((loaded) => {
        this.frame.addEventListener("load", loaded, { once: true });
      });
      document.body.append(this.frame);
      this.ready = this.ready.then(() => this.start(new URL(url, location.href).href));
    }

    start(url) {
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const load = (source) => new Promise((loaded, failed) => {
        const script = inside.document.createElement("script");
        Object.assign(script, { src: source, async: false, onload: loaded, onerror: failed });
        inside.document.body.append(script);
      });
      inside.importScripts = (...sources) => Promise.all(sources.map(load));
      return load(url);
    }

    postMessage(data) {
      const inside = this.frame.contentWindow;
      this.ready.then(() => inside.dispatchEvent(new inside.MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
  window.Worker = window.IFrameWorker;
}

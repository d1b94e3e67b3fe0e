// The viewer in a notebook: what other pages ask over HTTP goes in messages to the kernel here.
import type { Asked, Host, ViewDocument } from "./document";
import { mount } from "./mount";

interface Model {
  get(name: "document"): Omit<ViewDocument, "questions">;
  get(name: "questions"): Asked[];
  get(name: "opened"): Pick<Host, "start_s" | "question">;
  send(content: unknown): void;
  on(event: "msg:custom", heard: (reply: Reply) => void): void;
  off(event: "msg:custom", heard: (reply: Reply) => void): void;
}
interface Reply {
  id: string;
  asked?: Asked;
  error?: string;
}

// a notebook's colours are its own, whatever the system's are
function themeAround(): string {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "true" ? "light" : "dark";
  if (vscodeThemeKind) return vscodeThemeKind.includes("light") ? "light" : "dark";
  return "";
}

// JupyterLab prevents the line break at which browsers send a form by themselves.
function sendForm(event: Event): void {
  const { key, isComposing, target } = event as KeyboardEvent;
  if (key !== "Enter" || isComposing || !(target instanceof HTMLInputElement)) return;
  event.preventDefault();
  target.form?.querySelector<HTMLButtonElement>("button.strong")?.click();
}

// What a notebook calls for each place where the widget is shown; -> what takes it away again.
export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const waiting = new Map<string, (reply: Reply) => void>();
  const heard = (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  };
  const call = (what: string, body: object) =>
    new Promise<Reply>((done, failed) => {
      const id = `${Date.now()} ${Math.random()}`; // several places hear the same replies
      waiting.set(id, (reply) => (reply.error ? failed(new Error(reply.error)) : done(reply)));
      model.send({ id, what, ...body });
    });
  const host: Host = {
    ...model.get("opened"),
    ask: async (question, options) => [(await call("ask", { question, options })).asked!],
    correct: async (asked, correction) => {
      await call("correct", { question: asked.id, ...correction });
    },
  };
  model.on("msg:custom", heard);
  const place = document.createElement("div");
  // a key pressed here is none of the notebook's own; said where the focus is, as seen from outside
  place.dataset.lmSuppressShortcuts = "true";
  place.style.padding = "4px"; // room for what marks the focus, which the cell would cut off
  el.append(place);
  const follow = () => {
    place.dataset.theme = themeAround();
  };
  const themes = new MutationObserver(follow);
  themes.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  follow();
  const data = { ...model.get("document"), questions: model.get("questions") };
  const take_away = mount(place, data, host);
  place.shadowRoot!.addEventListener("keydown", sendForm);
  return () => {
    model.off("msg:custom", heard);
    themes.disconnect();
    take_away();
  };
}

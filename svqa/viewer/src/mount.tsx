// One film's view, drawn into an element of any page.
import { render as draw } from "preact";
import { Ask } from "./ask";
import type { Host, ViewDocument } from "./document";
import { Answers, Questions } from "./evidence";
import { Film } from "./film";
import { Help } from "./help";
import { onKey } from "./keys";
import { Viewer } from "./state";
import css from "./style.css";
import { Timeline } from "./timeline";
import { Transcript } from "./transcript";

function View({ viewer }: { viewer: Viewer }) {
  const { host } = viewer;
  return (
    <div class="viewer">
      <div class="left">
        <Film viewer={viewer} />
        <Timeline viewer={viewer} />
        <Transcript viewer={viewer} />
      </div>
      <div class="right">
        {host.ask && <Ask viewer={viewer} />}
        <Answers viewer={viewer} />
        <Questions viewer={viewer} />
      </div>
      <Help viewer={viewer} />
    </div>
  );
}

// Draws into `element`, in a shadow root of its own; -> what takes it away again.
export function mount(element: HTMLElement, data: ViewDocument, host: Host = {}): () => void {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const viewer = new Viewer(data, host);
  const listens: EventTarget = host.keys === "page" ? document : root;
  const press = (event: Event) => onKey(viewer, event as KeyboardEvent);
  listens.addEventListener("keydown", press);
  if (host.start_s) viewer.open_s = host.start_s;
  draw(<View viewer={viewer} />, root);
  return () => {
    listens.removeEventListener("keydown", press);
    draw(null, root);
  };
}

// The module that every host loads: `mount` for pages that call it; the others name what they want.
import { start } from "./app";
import { mount } from "./mount";

export { mount };

// A page that holds its data: <script type="application/json" data-svqa-view>, drawn before it.
for (const block of document.querySelectorAll<HTMLScriptElement>(
  "script[type='application/json'][data-svqa-view]",
)) {
  const place = document.createElement("div");
  block.before(place);
  mount(place, JSON.parse(block.textContent!), { keys: "page" });
}

// The page of `svqa serve`.
for (const place of document.querySelectorAll<HTMLElement>("[data-svqa-app]")) start(place);

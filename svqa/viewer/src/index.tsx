// The module that every host loads: `mount` for pages that call it, `render` for notebooks; the others
// name what they want.
import { start } from "./app";
import { mount } from "./mount";
import { render } from "./widget";

export { mount };
export default { render };

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

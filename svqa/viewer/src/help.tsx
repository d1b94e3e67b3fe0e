// The keys, in a dialog.
import { useEffect, useRef } from "preact/hooks";
import { KEYS } from "./keys";
import type { Viewer } from "./state";

export function Help({ viewer }: { viewer: Viewer }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = viewer.show_help.value;
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    <dialog ref={dialog} aria-labelledby="keys" onClose={() => (viewer.show_help.value = false)}>
      <h2 id="keys">Keys</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div>
            <dt>{keys}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button class="strong" onClick={() => (viewer.show_help.value = false)}>Close</button>
    </dialog>
  );
}

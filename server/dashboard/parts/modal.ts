/**
 * A dialog that keeps everything behind it out of reach until the page takes it away. Browsers let a second
 * Escape close a dialog whatever the page says: then it opens again.
 */
import { useEffect, useRef } from "preact/hooks";

export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = () => {
    const element = dialog.current;
    if (!element) return;
    const show = (): void => element.showModal();
    show();
    element.addEventListener("close", show);
    return () => element.removeEventListener("close", show);
  };
  useEffect(open, []);
  return dialog;
}

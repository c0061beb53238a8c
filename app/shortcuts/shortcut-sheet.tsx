import { useState } from "react";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { areShortcutsOn, setShortcutsOn, shortcuts } from "./keys.ts";
import { words } from "./words.ts";

/** Lists the keyboard shortcuts, and turns them off and on. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(areShortcutsOn);
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={words.title} lead={words.lead}>
      <dl className="mt-5 grid gap-2.5 text-sm">
        {Object.entries(shortcuts).map(([keys, { does }]) => (
          <div key={keys} className="flex items-center justify-between gap-4">
            <dt>{words[does]}</dt>
            <dd className="flex shrink-0 items-center gap-1.5 text-ink-soft">
              {keys.split(" ").map((key, at) => (
                <span key={key} className="contents">
                  {at > 0 ? words.next : null}
                  <kbd className="grid min-w-7 place-items-center rounded-md border border-line-strong bg-sunken px-1.5 py-0.5 font-mono text-ink">
                    {key}
                  </kbd>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <label className="mt-5 flex cursor-pointer gap-2.5 border-t border-line pt-5 text-sm">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ target }) => {
            setShortcutsOn(target.checked);
            setOn(target.checked);
          }}
          className="mt-0.5 size-4 shrink-0 accent-accent"
        />
        <span>
          <span className="font-medium">{words.on}</span>
          <span className="block text-ink-soft">{words.onHint}</span>
        </span>
      </label>
      <div className="mt-5 flex justify-end">
        <Button kind="secondary" onClick={onClose}>
          {words.close}
        </Button>
      </div>
    </Dialog>
  );
}

import { Dialog } from "../components/dialog.tsx";
import { accountKind } from "../dashboard/account-kind.ts";
import { text } from "../text.ts";
import { AccountChoice } from "./account-choice.tsx";
import { words } from "./choice-words.ts";
import type { AccountRoom } from "./connect-types.ts";

interface RoomDialogProps {
  choice: AccountRoom;
  onChoose: (ids: string[]) => void;
  onCancel: () => void;
}

/**
 * Asks which of a bank's accounts to connect if the plan does not have room for all. As many as fit are
 * chosen at first.
 */
export function RoomDialog({ choice: { room, accounts }, onChoose, onCancel }: RoomDialogProps) {
  const shown = accounts.map(({ id, name, mask, type, subtype }) => ({
    id,
    name: name ?? words.account,
    below: [
      type || subtype ? accountKind(type ?? "", subtype) : null,
      mask ? text.account.mask(mask) : null,
    ]
      .filter(Boolean)
      .join(" "),
  }));
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onCancel()}
      title={words.title(room, accounts.length)}
      lead={words.lead}
    >
      <AccountChoice
        accounts={shown}
        room={room}
        chosen={shown.slice(0, room).map(({ id }) => id)}
        submit={words.connect}
        onSubmit={onChoose}
        onCancel={onCancel}
      />
    </Dialog>
  );
}

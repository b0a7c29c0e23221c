/** The account: reachable, with keys, and compared with the venue since its connection was made. Holds for reduce-only orders
 * too: on an account that was never compared nobody knows what a position is. */
import type { EntryLimit } from "./limit.ts";

export const accountReady: EntryLimit = {
  name: "account_ready",
  holdsForReducing: true,
  check({ account, instrument: { venue } }) {
    if (!account.isConnected) return { code: "ACCOUNT_NOT_CONNECTED", facts: { venue } };
    if (!account.hasTrading) return { code: "ACCOUNT_WITHOUT_TRADING", facts: { venue } };
    return account.isReconciled ? undefined : { code: "ACCOUNT_NOT_RECONCILED", facts: { venue } };
  },
};

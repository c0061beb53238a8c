/**
 * The privacy notice. When its text changes, change `privacyNoticeVersion` in
 * `server/contracts/privacy-notice.ts` too.
 */
export const words = {
  title: "Privacy notice",
  version: (version: string) =>
    `Version of ${version}. It is recorded with each bank that you connect.`,
  back: "Go to your dashboard",
  sections: [
    {
      title: "How your bank is connected",
      lines: [
        "You log in at your bank in a window run by Plaid. Plaid passes on the accounts that you choose, and we never see your bank password.",
        "We keep the names and last digits of these accounts, their balances and their transactions, for as long as the bank is connected.",
      ],
    },
    {
      title: "What we use it for",
      lines: [
        "To show you your own accounts. We do not sell your data, and nobody else sees it.",
        "We record when you log in and from where, so that you can see whether it was you.",
      ],
    },
    {
      title: "How to end it",
      lines: [
        "Disconnect a bank and its accounts and transactions are deleted here, and our access is ended at Plaid.",
        "Download everything that we keep of you, or delete your account, in the settings at any time.",
      ],
    },
  ],
};

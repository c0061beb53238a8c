/** The texts of log-ins with a second step, and of the forms that ask for a proof. */
export const words = {
  secondStep: {
    title: "Confirm it’s you",
    lead: {
      totp: "Enter the code that your authenticator app shows.",
      passkey: "Use your passkey, or enter a backup code.",
    },
    submit: "Log in",
    busy: "Logging in…",
    otherLead: "Not you?",
    other: "Log in as someone else",
  },
  code: "Code",
  codeHint: "Without your phone, enter one of your backup codes.",
  backupCode: "Backup code",
  trust: "Don’t ask again in this browser for 30 days",
  passkey: "Use a passkey",
  or: "or",
  passkeyWaiting: "Waiting for your passkey…",
  passkeyFailed:
    "This passkey was not accepted. Nothing was changed. Try again, or use another way.",
  unreachable: "We could not be reached. Check your internet connection and try again.",
  proofNeeded: "Enter your password to go on.",
  proofEmpty: "Enter your password.",
  passwordOrCode: "Password, or a code of your app",
  proved: "Confirmed. Go on.",
  confirm: {
    title: "Confirm it’s you",
    lead: "We need to know that it’s you. Then you continue where you were, and we don’t ask for ten minutes.",
    submit: "Confirm",
    busy: "Confirming…",
  },
} as const;

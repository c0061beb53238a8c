import { useEffect } from "react";
import {
  type PlaidLinkOnEvent,
  type PlaidLinkOnExit,
  type PlaidLinkOnSuccess,
  usePlaidLink,
} from "react-plaid-link";

interface LinkSessionProps {
  token: string;
  /** On the way back from a bank's own site: the whole address the bank returned to. */
  receivedRedirectUri: string | undefined;
  onSuccess: PlaidLinkOnSuccess;
  onExit: PlaidLinkOnExit;
  onEvent: PlaidLinkOnEvent;
}

/**
 * One opening of Link: opens as soon as it is ready, and is destroyed with this component. The
 * callbacks are taken when Link is made, so they have to be stable. Link's script is loaded before.
 */
export function LinkSession({ receivedRedirectUri, ...options }: LinkSessionProps) {
  const { open, ready } = usePlaidLink({
    ...options,
    ...(receivedRedirectUri ? { receivedRedirectUri } : {}),
  });
  useEffect(() => {
    if (ready) open();
  }, [ready, open]);
  return null;
}

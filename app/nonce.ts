import { createContext, useContext } from "react";

/**
 * The nonce of this response's Content-Security-Policy. Only the server knows it while rendering; in
 * the browser it is empty, as browsers hide the attribute from the page.
 */
export const NonceContext = createContext<string | undefined>(undefined);
export const useNonce = () => useContext(NonceContext);

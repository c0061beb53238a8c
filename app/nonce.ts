import { createContext, useContext } from "react";

/**
 * The nonce of this response's Content-Security-Policy. It is set only while rendering on the server; in the
 * browser it is empty, because browsers hide the attribute from the page.
 */
export const NonceContext = createContext<string | undefined>(undefined);
export const useNonce = () => useContext(NonceContext);

/** Features that our pages and their frames may not use: the names that Chromium knows. */
const denied = [
  ...["accelerometer", "autoplay", "camera", "clipboard-read", "display-capture"],
  ...["encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection"],
  ...["local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"],
  ...["screen-wake-lock", "serial", "usb", "xr-spatial-tracking"],
];

/** For copying a new API key, and for passkeys. Only for our own pages, not for Link's frame. */
const usedByPages = [
  "clipboard-write",
  "publickey-credentials-create",
  "publickey-credentials-get",
];

/**
 * The header of every response. Plaid's Link needs none of these to connect accounts
 * (https://plaid.com/docs/link/web/); the camera is for Identity Verification, which we do not use.
 */
export const permissionsPolicy = [
  ...denied.map((feature) => `${feature}=()`),
  ...usedByPages.map((feature) => `${feature}=(self)`),
].join(", ");

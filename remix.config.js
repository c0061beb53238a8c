/** Remix's options. `vite.config.ts` hands them to Remix's Vite plugin. */
export default {
  appDirectory: "app",
  ignoredRouteFiles: ["**/.*"],
  future: {
    v3_fetcherPersist: true,
    v3_relativeSplatPath: true,
    v3_singleFetch: true,
    v3_throwAbortReason: true,
  },
};

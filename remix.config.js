/** Remix's options. `vite.config.ts` hands them to Remix's Vite plugin. */
export default {
  appDirectory: "app",
  ignoredRouteFiles: ["**/.*"],
  future: {
    v3_fetcherPersist: true,
    // All of them are 1.5 kB; asking for each when it is shown loses to a person who points at it at once.
    v3_lazyRouteDiscovery: false,
    v3_relativeSplatPath: true,
    v3_singleFetch: true,
    v3_throwAbortReason: true,
  },
};

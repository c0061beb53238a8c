/** Remix's options. `vite.config.ts` hands them to Remix's Vite plugin. */
export default {
  appDirectory: "app",
  ignoredRouteFiles: ["**/.*"],
  future: {
    v3_fetcherPersist: true,
    // All routes together are only 1.5 kB; loading each when its link appears is too late for a quick click.
    v3_lazyRouteDiscovery: false,
    v3_relativeSplatPath: true,
    v3_singleFetch: true,
    v3_throwAbortReason: true,
  },
};

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  reactStrictMode: true,
  // Types are checked by `npm test`, once.
  typescript: { ignoreBuildErrors: true },
  // Our server sets headers and compresses nothing that streams.
  compress: true,
};

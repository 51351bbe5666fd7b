/**
 * Why the application refuses to start as it was started, or null. Chromium's sandbox is what keeps a hostile video
 * server away from this machine, so there is no running without it. electron-builder's AppImage adds --no-sandbox by
 * itself where the system denies user namespaces.
 */
export function whyUnsandboxed(start: {
  readonly hasSwitch: (name: string) => boolean
  readonly env: NodeJS.ProcessEnv
}): string | null {
  if (!start.hasSwitch('no-sandbox') && !start.env.ELECTRON_DISABLE_SANDBOX) return null
  return start.env.APPIMAGE
    ? 'This system denies the AppImage the user namespaces that its sandbox needs. Install the .deb or .rpm package of ' +
        'Alta Desk instead, or allow unprivileged user namespaces.'
    : 'Alta Desk does not run without its sandbox. Start it without --no-sandbox and ELECTRON_DISABLE_SANDBOX.'
}

// The afterPack step of electron-builder: sets every fuse of the packed Electron binary, before it is signed.
import { join } from 'node:path'
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses'
import type { FuseConfig } from '@electron/fuses'
import { Arch } from 'electron-builder'
import type { AfterPackContext } from 'electron-builder'

/**
 * Every fuse is stated, so that a new Electron with one more fails the packaging until somebody decides about it.
 * https://www.electronjs.org/docs/latest/tutorial/fuses
 */
function fuses(adHocSignature: boolean): FuseConfig {
  return {
    version: FuseVersion.V1,
    strictlyRequireAllFuses: true,
    resetAdHocDarwinSignature: adHocSignature,
    // The binary is our desk and nothing else: not a Node for whoever can set a variable or pass a flag.
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    // Code comes from app.asar alone, and on macOS and Windows only from the app.asar that was packed.
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    // We ship no snapshot of our own.
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // Our page comes from our own scheme, so file: needs no privileges.
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    // Bounds of WebAssembly memory are checked by the processor's traps.
    [FuseV1Options.WasmTrapHandlers]: true,
  }
}

export default async function afterPack(context: AfterPackContext): Promise<void> {
  const { packager, appOutDir, electronPlatformName, arch } = context
  const name = packager.appInfo.productFilename
  const binary =
    electronPlatformName === 'darwin'
      ? `${name}.app`
      : electronPlatformName === 'win32'
        ? `${name}.exe`
        : (packager.platformSpecificBuildOptions.executableName ?? name)
  const adHocSignature = electronPlatformName === 'darwin' && arch === Arch.arm64
  await flipFuses(join(appOutDir, binary), fuses(adHocSignature))
}

import { rpc } from '../rpc/rpc.ts'
import type { Settings } from './service.ts'

/** The desk itself: what it is, and its LAN listener. */
export function settingsProcedures(settings: Settings) {
  return {
    about: rpc.settings.about.handler(() => settings.about()),
    listener: rpc.settings.listener.handler(() => settings.listener()),
    signIn: rpc.settings.signIn.handler(() => settings.signIn()),
    setSignIn: rpc.settings.setSignIn.handler(({ context, input }) =>
      settings.setSignIn(context, input.totpRequiredFor),
    ),
    setListener: rpc.settings.setListener.handler(({ context, input }) =>
      settings.setListener(context, input.enabled),
    ),
  }
}

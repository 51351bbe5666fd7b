import { os } from '../identity/implementer.ts'
import { ListenerRefusal } from './service.ts'
import type { Settings } from './service.ts'

/** The desk itself: what it is, and its LAN listener. */
export function settingsProcedures(settings: Settings) {
  return {
    about: os.settings.about.handler(() => settings.about()),
    listener: os.settings.listener.handler(() => settings.listener()),
    signIn: os.settings.signIn.handler(() => settings.signIn()),
    setSignIn: os.settings.setSignIn.handler(({ context, input }) =>
      settings.setSignIn(context, input.totpRequiredFor),
    ),
    setListener: os.settings.setListener.handler(async ({ context, input, errors }) => {
      try {
        return await settings.setListener(context, input.enabled)
      } catch (error) {
        if (!(error instanceof ListenerRefusal)) throw error
        throw errors[error.code](error.message === '' ? {} : { message: error.message })
      }
    }),
  }
}

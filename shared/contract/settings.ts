import { z } from 'zod'
import { totpRequirements } from '../domain/sign-in-rules.ts'
import { admin, procedure, signedIn } from './procedure.ts'

declare module './procedure.ts' {
  interface AuditActions {
    'listener.changed': true
    'sign-in-rules.changed': true
  }
}

export const listenerSchema = z.object({
  /** Whether colleagues on the LAN can open this desk in a browser. */
  enabled: z.boolean(),
  /** Addresses under which the listener answers now; empty while it is off. */
  addresses: z.array(z.string()),
  /** False on a headless desk, where the listener is the only door. */
  canChange: z.boolean(),
  /** Why it does not answer, or answers loopback only; empty when all is well. */
  reason: z.string(),
})
export type Listener = z.infer<typeof listenerSchema>

const signInRulesSchema = z.object({ totpRequiredFor: z.enum(totpRequirements) })

export const settings = {
  about: procedure({ access: signedIn, audit: null })
    .route({ method: 'GET', path: '/settings/about', summary: 'This desk', tags: ['Settings'] })
    .output(
      z.object({
        version: z.string(),
        deskId: z.string(),
        env: z.enum(['development', 'staging', 'production']),
        headless: z.boolean(),
      }),
    ),
  listener: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/settings/listener', summary: 'The LAN listener', tags: ['Settings'] })
    .output(listenerSchema),
  setListener: procedure({ access: admin, audit: 'listener.changed' })
    .route({
      method: 'PUT',
      path: '/settings/listener',
      summary: 'Turn the LAN listener on or off',
      tags: ['Settings'],
    })
    .input(z.object({ enabled: z.boolean() }))
    .output(listenerSchema)
    .errors({
      HEADLESS: {
        status: 409,
        message: 'A headless desk is reached through its listener alone; it stays on.',
      },
      PORT_TAKEN: {
        status: 409,
        message: 'The port of the listener is taken. Change http.addr and start again.',
      },
    }),
  signIn: procedure({ access: admin, audit: null })
    .route({ method: 'GET', path: '/settings/sign-in', summary: 'Rules of sign-in', tags: ['Settings'] })
    .output(signInRulesSchema),
  setSignIn: procedure({ access: admin, audit: 'sign-in-rules.changed' })
    .route({
      method: 'PUT',
      path: '/settings/sign-in',
      summary: 'Change the rules of sign-in',
      description:
        'Whoever must have an authenticator app and has none is answered nothing but /account until it is set up.',
      tags: ['Settings'],
    })
    .input(signInRulesSchema)
    .output(signInRulesSchema),
}

import { account } from './account.ts'
import { audit } from './audit.ts'
import { auth } from './auth.ts'
import { cameras } from './cameras.ts'
import { events } from './events.ts'
import { groups } from './groups.ts'
import { invites, registration } from './invites.ts'
import { live } from './live.ts'
import { api } from './procedure.ts'
import { servers } from './servers.ts'
import { settings } from './settings.ts'
import { users } from './users.ts'
import { views } from './views.ts'

/** The whole API of the desk; both doors serve it and every client is typed by it. Paths stand below `/api`. */
export const contract = api({
  auth,
  account,
  registration,
  users,
  invites,
  groups,
  audit,
  servers,
  cameras,
  live,
  views,
  events,
  settings,
})

import { account } from './account.ts'
import { auth } from './auth.ts'
import { cameras } from './cameras.ts'
import { events } from './events.ts'
import { live } from './live.ts'
import { api } from './procedure.ts'
import { servers } from './servers.ts'
import { settings } from './settings.ts'

/** The whole API of the desk; both doors serve it and every client is typed by it. Paths stand below `/api`. */
export const contract = api({ auth, account, servers, cameras, live, events, settings })

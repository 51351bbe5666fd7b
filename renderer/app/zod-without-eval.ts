import { config } from 'zod'

// zod probes `new Function` before it parses an object; the content security policy of the desk forbids that and
// would report it. This module is imported first, before any schema is used.
config({ jitless: true })

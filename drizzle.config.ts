import { defineConfig } from 'drizzle-kit'

/** `npx drizzle-kit generate --name <what-changed>` writes the next migration; files once committed never change. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './main/store/tables/*.ts',
  out: './resources/migrations',
})

/**
 * For drizzle-kit. After a change to a schema file, from `hub/`:
 *
 *   npx drizzle-kit generate --config src/platform/database/drizzle.config.ts --name what-changed
 *
 * The tables of the timeline are partitioned, which drizzle cannot say: they are migrations written by hand (`--custom`).
 */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/live/schema.ts', './src/modules/*/schema.ts', './src/modules/*/*/schema.ts'],
  out: './src/platform/database/migrations',
})

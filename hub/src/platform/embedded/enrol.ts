/** Give a gateway, or the hub, its account at the embedded broker. */
import {
  ACCOUNT_NAME,
  changeCredentials,
  hashOf,
  isPassword,
  keyOf,
  newPassword,
  type Role,
  readCredentials,
  removeKey,
  writeKey,
} from './credentials.ts'

/**
 * The account `id`, made if it is not there. Asked twice it gives the same password. An account whose key file is gone, or does not fit, gets
 * a new password: the old one then no longer works. Throws a RangeError for a name that cannot be one, or that has the other role.
 */
export async function enrol(dataDir: string, id: string, role: Role): Promise<{ password: string; isNew: boolean }> {
  if (!ACCOUNT_NAME.test(id))
    throw new RangeError(`"${id}" cannot be the name of a ${role}: letters, digits, "-", "_" and "."; at most 64`)
  let password = ''
  let isNew = false
  await changeCredentials(dataDir, async ({ users }) => {
    const there = Object.hasOwn(users, id) ? users[id] : undefined
    if (there && there.role !== role) throw new RangeError(`"${id}" is already a ${there.role}`)
    const key = keyOf(dataDir, id)
    if (there && key && (await isPassword(key, there.hash))) {
      password = key
      return
    }
    isNew = true
    password = newPassword()
    // The key first: a death between the two leaves a key that fits nothing, and the next enrolment replaces it.
    writeKey(dataDir, id, password)
    users[id] = { hash: await hashOf(password), role }
  })
  return { password, isNew }
}

/** Take an account away. The broker ends its connection within a second. */
export async function revoke(dataDir: string, id: string): Promise<void> {
  await changeCredentials(dataDir, async ({ users }) => {
    delete users[id]
  })
  removeKey(dataDir, id)
}

/** The ids of all gateways that have an account: what the hub takes over into its table `gateway`. */
export function enrolledGateways(dataDir: string): string[] {
  return Object.entries(readCredentials(dataDir).users)
    .filter(([, { role }]) => role === 'gateway')
    .map(([id]) => id)
}

/**
 * Whether a topic is among those of a subscription filter [STD MQTT 5, 4.7]: `+` is one level, `#` at the end all that follow
 * (and the level before it). Wildcards at the start do not match topics that begin with `$` [4.7.2-1].
 */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true
    if (i >= levels.length) return false
    if (level !== '+' && level !== levels[i]) return false
  }
  return wanted.length === levels.length
}

import type { Random } from '../physiology/random.ts'

/** Invented people. Given and family names of many places are drawn apart, so that nobody here is anybody. */
const given = {
  female: [
    'Amara',
    'Beatriz',
    'Chiara',
    'Deniz',
    'Elif',
    'Farida',
    'Greta',
    'Hana',
    'Ines',
    'Johanna',
    'Katarzyna',
    'Lena',
    'Mai',
    'Noor',
    'Olga',
    'Priya',
    'Rosa',
    'Sadia',
    'Thandiwe',
    'Yara',
  ],
  male: [
    'Anton',
    'Bilal',
    'Carlos',
    'Dimitri',
    'Emeka',
    'Felix',
    'Goran',
    'Hiroshi',
    'Ivan',
    'Jonas',
    'Kofi',
    'Luca',
    'Mehmet',
    'Nils',
    'Omar',
    'Paolo',
    'Rafael',
    'Samir',
    'Tomasz',
    'Wei',
  ],
} as const
const family = [
  'Abebe',
  'Andersson',
  'Bauer',
  'Castro',
  'Demir',
  'Eriksen',
  'Ferrari',
  'Garcia',
  'Haddad',
  'Ito',
  'Jansen',
  'Kowalski',
  'Krüger',
  'Lefèvre',
  'Mensah',
  'Müller',
  'Nguyen',
  'Okafor',
  'Petrov',
  'Rossi',
  'Sánchez',
  'Schneider',
  'Singh',
  'Tanaka',
  'Usman',
  'Vogel',
  'Weber',
  'Yılmaz',
  'Zhang',
  'Zielińska',
] as const

export interface Person {
  family: string
  given: string
  sex: 'female' | 'male' | 'other'
  /** YYYY-MM-DD */
  birthDate: string
}

/** An adult; the years are fixed ones, so that a seed gives the same people in any year. */
export function inventPerson(random: Random): Person {
  const looks = random.chance(0.5) ? 'female' : 'male'
  const year = 1931 + Math.floor(75 * Math.sqrt(random.next()))
  return {
    family: random.pick(family),
    given: random.pick(given[looks]),
    sex: random.chance(0.02) ? 'other' : looks,
    birthDate: `${year}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`,
  }
}

const two = (n: number) => String(n).padStart(2, '0')

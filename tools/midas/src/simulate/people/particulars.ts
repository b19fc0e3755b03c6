import type { Json } from '../plan/step.ts';
import type { Person } from './person.ts';

/** Who writes the particulars down: each knows and leaves out other things. */
export type Sender = 'police' | 'victim-support' | 'health' | 'other';

/** A victim's particulars as one kind of sender would send them (JSON of midas.common.v1.Particulars). */
export function victimParticulars(person: Person, sender: Sender): Json {
  const withoutNumber =
    person.omitted === 'nhs-number' && (sender === 'police' || sender === 'victim-support');
  const withoutBirthDate = person.omitted === 'birth-date' && sender === 'health';
  return {
    given_name: person.givenName,
    // Police systems write family names in capitals; it is the same name.
    family_name: sender === 'police' ? person.familyName.toUpperCase() : person.familyName,
    ...(withoutBirthDate ? {} : { birth_date: person.birthDate }),
    ...(withoutNumber ? {} : { nhs_number: person.nhsNumber }),
    gender: person.gender,
    phone: person.phone,
    address: { lines: [person.street, person.town], postcode: person.postcode },
    safe_contact: safeContact(person),
  };
}

function safeContact({ phoneSafety }: Person): Json {
  if (phoneSafety === 'CONTACT_SAFETY_SAFE')
    return { phone: phoneSafety, note: 'Weekday mornings; no voicemail.' };
  return { phone: phoneSafety };
}

/** A perpetrator as the survivor's side names them: rarely with a number, sometimes without a birth date. */
export function perpetratorParticulars(person: Person, withBirthDate = true): Json {
  return {
    given_name: person.givenName,
    family_name: person.familyName,
    ...(withBirthDate ? { birth_date: person.birthDate } : {}),
    gender: person.gender,
  };
}

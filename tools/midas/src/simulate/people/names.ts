/**
 * Name parts that are joined at random. The names are invented by construction; no list of real people was used.
 */
const GIVEN_STARTS = [
  'Al',
  'Bre',
  'Cal',
  'Dar',
  'El',
  'Fen',
  'Gwe',
  'Hal',
  'Is',
  'Jor',
  'Kel',
  'Lor',
  'Mar',
  'Nev',
  'Or',
];
const GIVEN_MORE = [
  'Per',
  'Ros',
  'Sel',
  'Tam',
  'Ul',
  'Ver',
  'Wen',
  'Yas',
  'Zar',
  'Ani',
  'Bel',
  'Cor',
  'Del',
  'Em',
  'Far',
];
const FEMALE_ENDS = ['ina', 'etta', 'issa', 'anne', 'ola', 'iwen', 'ara', 'elle', 'ima', 'ysia'];
const MALE_ENDS = ['win', 'ard', 'ion', 'is', 'oth', 'ander', 'ek', 'ano', 'iel', 'mund'];
const FAMILY_STARTS = [
  'Ash',
  'Brack',
  'Cald',
  'Dun',
  'Ever',
  'Fair',
  'Gorse',
  'Hazel',
  'Ing',
  'Kings',
  'Lang',
  'Mere',
];
const FAMILY_MORE = [
  'Nether',
  'Oak',
  'Pen',
  'Quarry',
  'Rook',
  'Sand',
  'Thorn',
  'Under',
  'Wex',
  'Yarrow',
  'Stan',
  'Tarn',
];
const FAMILY_ENDS = [
  'bourne',
  'combe',
  'dale',
  'fell',
  'grove',
  'holt',
  'ley',
  'mead',
  'more',
  'ridge',
  'stead',
  'wick',
];
const STREETS = [
  'Kiln',
  'Orchard',
  'Saltpan',
  'Mill',
  'Hopfield',
  'Lighterman',
  'Quay',
  'Beacon',
  'Cooper',
  'Drover',
];
const STREET_ENDS = ['Walk', 'Road', 'Close', 'Rise', 'Lane', 'Street', 'Court', 'Avenue'];

export const NAME_PARTS = {
  givenStarts: [...GIVEN_STARTS, ...GIVEN_MORE],
  femaleEnds: FEMALE_ENDS,
  maleEnds: MALE_ENDS,
  familyStarts: [...FAMILY_STARTS, ...FAMILY_MORE],
  familyEnds: FAMILY_ENDS,
  streetStarts: STREETS,
  streetEnds: STREET_ENDS,
} as const;

/** Towns of Medway with the outward postcodes that lie in them. */
export const DISTRICTS = [
  { town: 'Rochester', outward: ['ME1', 'ME2'] },
  { town: 'Strood', outward: ['ME2'] },
  { town: 'Hoo St Werburgh', outward: ['ME3'] },
  { town: 'Chatham', outward: ['ME4', 'ME5'] },
  { town: 'Gillingham', outward: ['ME7'] },
  { town: 'Rainham', outward: ['ME8'] },
] as const;

/** Letters that an inward code may end in. */
export const INWARD_LETTERS = [...'ABDEFGHJLNPQRSTUWXYZ'];

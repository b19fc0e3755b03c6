export { type EnumName, enumName, enumNameOrNull } from './enums.ts';
export { allEvents, type EventContract, eventOf } from './events.ts';
export {
  type AccessRule,
  type HttpBinding,
  type HttpVerb,
  type MethodContract,
  methodContract,
  methodsOf,
  serviceNames,
} from './methods.ts';
export { ALL_CLASSES, markedFields, markedNames, type Privacy, privacyOf } from './privacy.ts';
export { messageOf, registry } from './registry.ts';
export { contractRoles, type RoleContract, type Roles } from './roles.ts';
export { validate } from './validate.ts';

export { describeError, type LogFields, type Logger, type LoggerOptions, logger } from './logger.ts';

import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
} from '@bufbuild/protobuf';

type Commented = DescMessage | DescField | DescEnum | DescEnumValue | DescMethod;

const files = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/** The comment above a declaration in its proto file; empty without one or without source information. */
export function commentOf(desc: Commented): string {
  return commentsOf(fileOf(desc)).get(pathOf(desc).join(',')) ?? '';
}

function commentsOf(file: DescFile): ReadonlyMap<string, string> {
  const known = files.get(file);
  if (known !== undefined) return known;
  const comments = new Map<string, string>();
  for (const { path, leadingComments } of file.proto.sourceCodeInfo?.location ?? []) {
    if (leadingComments !== '') comments.set(path.join(','), leadingComments.replace(/\s+/g, ' ').trim());
  }
  files.set(file, comments);
  return comments;
}

function fileOf(desc: Commented): DescFile {
  if (desc.kind === 'message' || desc.kind === 'enum') return desc.file;
  return desc.parent.file;
}

// Field numbers of descriptor.proto: a declaration's place in its file.
function pathOf(desc: Commented): readonly number[] {
  switch (desc.kind) {
    case 'message': {
      const { parent } = desc;
      return parent === undefined
        ? [4, desc.file.proto.messageType.indexOf(desc.proto)]
        : [...pathOf(parent), 3, parent.proto.nestedType.indexOf(desc.proto)];
    }
    case 'enum': {
      const { parent } = desc;
      return parent === undefined
        ? [5, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...pathOf(parent), 4, parent.proto.enumType.indexOf(desc.proto)];
    }
    case 'field':
      return [...pathOf(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
    case 'enum_value':
      return [...pathOf(desc.parent), 2, desc.parent.proto.value.indexOf(desc.proto)];
    case 'rpc': {
      const service = desc.parent;
      return [
        6,
        service.file.proto.service.indexOf(service.proto),
        2,
        service.proto.method.indexOf(desc.proto),
      ];
    }
  }
}

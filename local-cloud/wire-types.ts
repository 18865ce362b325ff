/** The official client's types as JSON carries them: dates are strings. Types only. */

/** What a server answers: required members are there; absent ones may be written as undefined. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: undefined extends T[Key] ? Wire<Exclude<T[Key], undefined>> | undefined : Wire<T[Key]> }
      : T;

/** What somebody may have sent: any member may be missing, required ones too. */
export type Sent<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Sent<Item>[]
    : string extends keyof T
      ? { [Key in keyof T]: Sent<T[Key]> }
      : T extends object
        ? { [Key in keyof T]?: Sent<Exclude<T[Key], undefined>> | undefined }
        : T;

/** Something that happened and belongs in the record. */
export interface ReportedEvent {
  readonly event: string;
  /** One sentence for people; what stands beside it are the figures behind it. */
  readonly message: string;
}

/** What the logic says while it works. It never prints: a reporter decides who sees what. */
export interface Reporter<Event extends ReportedEvent> {
  tell(event: Event): void;
  /** What people must see before they are asked. Absent where only programs read: they are told the figures. */
  show?(text: string): void;
  /** How far a long task is. `total` is undefined while nobody knows. */
  progress(task: string, done: number, total: number | undefined): void;
}

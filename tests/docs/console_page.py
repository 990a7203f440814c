"""The console sessions of a page: what is typed behind a prompt, and the answer that is shown."""

import dataclasses

SHELL, SQL, MORE = "$ ", "sqlite> ", "   ...> "
RUNNABLE = ("xtdb ", "sqlite3 ", "echo ")


@dataclasses.dataclass
class Step:
    prompt: str
    command: str
    begin: int  # the lines of the page that show the answer
    end: int
    indent: str

    def answer(self, lines):
        shown = lines[self.begin : self.end]
        return "".join(line.removeprefix(self.indent) + "\n" for line in shown)


def is_open(command):
    """Whether a quoted argument goes on in the next line."""
    return command.count('"') % 2 == 1


def steps_of(lines, begin, end, indent):
    steps = []
    number = begin
    while number < end:
        line = lines[number].removeprefix(indent)
        number += 1
        prompt = next((p for p in (SHELL, SQL) if line.startswith(p)), None)
        if prompt is None:
            continue
        command = line.removeprefix(prompt)
        while number < end:
            following = lines[number].removeprefix(indent)
            if not following.startswith(MORE) and not (prompt == SHELL and is_open(command)):
                break
            command += "\n" + following.removeprefix(MORE)
            number += 1
        steps.append(Step(prompt, command, number, end, indent))
    for step, following in zip(steps, steps[1:]):
        step.end = following.begin - following.command.count("\n") - 1
    return steps


def sessions(document):
    """The blocks of a page that have prompts, each with its steps."""
    found = [
        (block, steps_of(document.lines, block.begin, block.end, block.indent))
        for block in document.blocks
    ]
    return [(block, steps) for block, steps in found if steps]


def is_runnable(steps):
    """Whether all that is typed into the shell is there where tests run."""
    typed = [step.command for step in steps if step.prompt == SHELL]
    return all(command.startswith(RUNNABLE) for command in typed)

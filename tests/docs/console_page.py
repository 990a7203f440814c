"""The console sessions of a page: what is typed behind a prompt, and the answer that is shown."""

import dataclasses

SHELL, SQL, MORE = "$ ", "sqlite> ", "   ...> "


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


def blocks(lines):
    """Pairs of first and last line (excluded), and the indent, of what a page sets as code."""
    inside, begin = None, 0
    for number, line in enumerate(lines + [""]):
        fence = line.startswith("```")
        if inside is None and fence:
            inside, begin = "", number + 1
        elif inside is None and line.startswith("    "):
            inside, begin = "    ", number
        elif inside == "" and fence or inside == "    " and not line.startswith("    "):
            yield begin, number, inside
            inside = None


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


def sessions(text):
    """The lines of a page, and its blocks that have prompts, each as a list of steps."""
    lines = text.split("\n")
    found = [steps_of(lines, *block) for block in blocks(lines)]
    return lines, [steps for steps in found if steps]

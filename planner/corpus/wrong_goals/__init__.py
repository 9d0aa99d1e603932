"""Goals that are not what was said, which the GPT learns to find out: `made` from right ones, `written` by a GPT."""

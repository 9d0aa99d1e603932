"""Other people's benchmarks, with their own data, formats and scores; each module is a command or serves one."""

"""The FAQ in other people's frameworks: a module for each, whose library is an extra and is imported there alone.

`langchain` and `haystack` retrieve, `mteb` is measured by public benchmarks, `mcp_server` serves assistants. All but
`mteb` ask what `faq.open_faq` gives: an index in this process, or a running server.
"""

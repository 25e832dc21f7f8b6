"""The Chrome DevTools Protocol: attach to all targets of a browser, or start one."""

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// followRules keeps the folder of rules in force; SIGHUP has it read at once.
func (h *house) followRules() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	h.rules.Run(h.ctx, asked)
}

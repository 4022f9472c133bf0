package main

func tickRows(*bench) error    { return nil }
func decodeRows(*bench) error  { return nil }
func durableRows(*bench) error { return nil }
func pageRows(*bench) error    { return nil }

//go:build cgo

package main

import "C"

import "time"

//export cgoCallback
func cgoCallback() { time.Sleep(2 * time.Millisecond) }

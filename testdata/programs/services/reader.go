package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

const records = 250

var slowReaderPool = service{
	Name: "slow-reader-pool", Procs: 2,
	Doc:    "A pool of four goroutines handles the records of a file, 0.4 ms each; one goroutine reads it line by line and parses each, 1 ms of computing: 250 records, 250 ms. The workers wait for the reader nearly all the time, and most of the second processor idles: the reader is the bottleneck.",
	Expect: []string{"slow-producer"}, Culprit: "main.readRecords",
	before: func() { input = makeInput() },
	run:    importRecords,
}

var parallelReaderPool = service{
	Name: "parallel-reader-pool", Procs: 2, Twin: "slow-reader-pool",
	Doc:    "The same records, but the reader only cuts the file into blocks of ten lines, and the four workers parse and handle them: 175 ms on both processors, which are the bound. Healthy, if that is what the program is for.",
	before: func() { input = makeInput() },
	run:    importBlocks,
}

type record struct {
	ID   int
	Name string
	Tags []string
}

var input io.Reader

func makeInput() io.Reader {
	var b strings.Builder
	for i := range records {
		fmt.Fprintf(&b, `{"ID":%d,"Name":"record","Tags":["a","b","c"]}`+"\n", i)
	}
	return strings.NewReader(b.String())
}

func importRecords() {
	parsed := make(chan record, 8)
	for range 4 {
		workers.Go(func() { handleRecords(parsed) })
	}
	readRecords(input, parsed)
	workers.Wait()
}

func importBlocks() {
	blocks := make(chan []byte, 8)
	for range 4 {
		workers.Go(func() { parseBlocks(blocks) })
	}
	readBlocks(input, blocks)
	workers.Wait()
}

// readRecords reads and parses, one record after the other.
func readRecords(r io.Reader, to chan<- record) {
	defer close(to)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		to <- parseRecord(lines.Bytes())
	}
	check(lines.Err())
}

func parseRecord(line []byte) record {
	var rec record
	check(json.Unmarshal(line, &rec))
	burn(1)
	return rec
}

func handleRecords(from <-chan record) {
	for rec := range from {
		handleRecord(rec)
	}
}

func handleRecord(record) { burn(0.4) }

// readBlocks only looks for the ends of lines.
func readBlocks(r io.Reader, to chan<- []byte) {
	defer close(to)
	in := bufio.NewReader(r)
	for {
		var block []byte
		for range 10 {
			line, err := in.ReadBytes('\n')
			if err == io.EOF {
				break
			}
			check(err)
			block = append(block, line...)
		}
		if block == nil {
			return
		}
		to <- block
	}
}

func parseBlocks(from <-chan []byte) {
	for block := range from {
		for line := range bytes.Lines(block) {
			handleRecord(parseRecord(line))
		}
	}
}

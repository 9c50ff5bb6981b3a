"""The staff face: one admin site, whose pages translate between people and the operations."""

"""The microphone and the loudspeaker of this machine, over the `sounddevice` library."""

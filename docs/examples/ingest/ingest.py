"""Embed a corpus into a folder, and search in it.

python ingest.py build CORPUS.txt INDEX       one text a line; start it again after an interruption
python ingest.py search INDEX "a question"
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

from modelport.credential import OpenAICredential
from modelport.embedding import OpenAIEmbeddingModel, SQLEmbeddingCache


def model_for(index: Path) -> OpenAIEmbeddingModel:
    """The same model for texts and questions. Each vector is stored as soon as its request is answered."""
    credential = OpenAICredential(
        api_key=os.environ["OPENAI_API_KEY"],
        base_url=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"),
    )
    return OpenAIEmbeddingModel(
        credential,
        "text-embedding-3-small",
        dimensions=256,
        batch_size=100,
        concurrency=4,
        embedding_cache=SQLEmbeddingCache(f"sqlite+aiosqlite:///{index}/cache.db"),
        on_error="skip",
    )


def build(corpus: Path, index: Path) -> None:
    """Embed every text; what an earlier run has stored is read from the cache."""
    texts = corpus.read_text(encoding="utf-8").splitlines()
    response = model_for(index).sync(texts, progress=True)
    for warning in response.warnings:
        print(warning.message, file=sys.stderr)
    vectors = response.found_array
    np.save(index / "vectors.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    kept = [texts[place] for place in response.found_indices]
    (index / "texts.json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    print(f"{len(kept)} of {len(texts)} texts, {len(response.attempts)} requests")


def search(index: Path, question: str) -> None:
    """Print the texts that are nearest by the cosine of the angle, which is a product where all lengths are 1."""
    vectors = np.load(index / "vectors.npy")
    texts: list[str] = json.loads((index / "texts.json").read_text(encoding="utf-8"))
    asked = model_for(index).sync([question], on_error="raise").array[0]
    cosines = vectors @ (asked / np.linalg.norm(asked))
    for place in np.argsort(-cosines)[:3]:
        print(f"{cosines[place]:.3f}  {texts[place]}")


def main(command: str, *arguments: str) -> None:
    """Run one of the two commands."""
    if command == "build":
        corpus, index = map(Path, arguments)
        index.mkdir(parents=True, exist_ok=True)
        build(corpus, index)
    else:
        folder, question = arguments
        search(Path(folder), question)


if __name__ == "__main__":
    main(*sys.argv[1:])

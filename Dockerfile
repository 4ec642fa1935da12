# docker build -t engram . && docker run --rm -u "$(id -u)" -v "$PWD:/work" engram demo
FROM python:3.12-slim
COPY . /src
RUN pip install --no-cache-dir "/src[viz,learn,io]" && rm -rf /src
# Any user may run it: machine code and settings go where everybody can make a folder of their own.
ENV HOME=/tmp ENGRAM_CACHE_DIR=/tmp/engram-cache MPLCONFIGDIR=/tmp/matplotlib MPLBACKEND=Agg
WORKDIR /work
ENTRYPOINT ["engram"]
CMD ["--help"]
